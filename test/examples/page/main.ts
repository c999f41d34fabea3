// Puts the training page into index.html.
// Must not import Node.
import * as ort from 'onnxruntime-web';
import bytesUrl from '../../../models/digits/digits.bin?url';
import config from '../../../models/digits/untrained.json' with { type: 'json' };
import { mountTrainPage } from '../trainPage.js';

const response = await fetch(bytesUrl);
const bytes = new Uint8Array(await response.arrayBuffer());
mountTrainPage(document.querySelector('main') as HTMLElement, { ort, bytes, config });
