// The style of the report's page, light and dark.
// Must not import anything.
export const reportStyle = `:root {
  --paper: #f6f7f9; --card: #ffffff; --ink: #1c2430; --soft: #5c6777; --line: #dde2e9;
  --before: #9aa5b4; --now: #2f6fde; --outside: #d2453f; --limit: #b06a00;
  --good: #16733a; --good-paper: #e0f3e6; --bad: #a8231d; --bad-paper: #fbe4e2;
  --fair: #7d5300; --fair-paper: #faecd0; --plain: #4d5866; --plain-paper: #e9edf2;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #12161c; --card: #1b2129; --ink: #e4e9f0; --soft: #98a4b3; --line: #303945;
    --before: #6d7a8a; --now: #6ea3ff; --outside: #ff7a72; --limit: #f0b350;
    --good: #7ddc9c; --good-paper: #173524; --bad: #ff9a93; --bad-paper: #43201f;
    --fair: #f2c573; --fair-paper: #3d2f14; --plain: #b6c0cc; --plain-paper: #2a323c;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 3rem; max-width: 90rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
h1 { margin: 0 0 .25rem; font-size: 1.6rem; overflow-wrap: anywhere; }
h2 { margin: 0; font-size: 1.05rem; overflow-wrap: anywhere; }
.summary { margin: 0 0 .75rem; font-size: 1.05rem; }
.files { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: 0 0 1.5rem; }
.files dt { color: var(--soft); }
.files dd { margin: 0; overflow-wrap: anywhere; }
code { font: .88em/1.4 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 30rem), 1fr)); gap: 1rem; margin-bottom: 2rem; }
.card, .warnings { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1rem 1.1rem; }
.warnings { margin-bottom: 1rem; border-left: 4px solid var(--limit); }
.warnings ul { margin: .4rem 0 0; padding-left: 1.2rem; }
.head { display: flex; justify-content: space-between; align-items: start; gap: .75rem; }
.shape, small { color: var(--soft); font-weight: normal; }
.what { margin: .2rem 0 .6rem; color: var(--soft); }
.what code { color: var(--ink); }
.note { margin: .3rem 0 0; overflow-wrap: anywhere; }
.ranges { margin: .2rem 0 .4rem; color: var(--soft); font-size: .88rem; font-variant-numeric: tabular-nums; }
.pill { flex: none; padding: .1rem .6rem; border-radius: 1rem; font-size: .85rem; font-weight: 600; white-space: nowrap; }
.good { color: var(--good); background: var(--good-paper); }
.bad { color: var(--bad); background: var(--bad-paper); }
.fair { color: var(--fair); background: var(--fair-paper); }
.plain { color: var(--plain); background: var(--plain-paper); }
svg { display: block; width: 100%; height: auto; }
svg text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; fill: var(--soft); }
svg .row { fill: var(--ink); }
svg .base, svg line.tick { stroke: var(--line); }
svg .before { fill: var(--before); }
svg .now { fill: var(--now); }
svg .outside { fill: var(--outside); }
svg line.limit { stroke: var(--limit); stroke-width: 1.5; stroke-dasharray: 4 3; }
svg text.limit { fill: var(--limit); font-weight: 600; }
.scroll { overflow-x: auto; margin-top: .6rem; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: .5rem .8rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
td:nth-child(2) { min-width: 13rem; }
th { color: var(--soft); font-weight: 600; }
tbody tr:last-child td { border-bottom: 0; }
a { color: var(--now); }
footer { margin-top: 1.5rem; color: var(--soft); font-size: .88rem; }
@media print { .card { break-inside: avoid; } }`;
