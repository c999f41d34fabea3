# OpenCV's DNN module.
import cv2

VERSION = cv2.__version__


def run(case, inputs):
    net = cv2.dnn.readNetFromONNX(case["model"])
    for name, value in inputs.items():
        net.setInput(value, name)
    return net.forward(case["outputs"])
