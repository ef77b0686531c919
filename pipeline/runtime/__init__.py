"""The running of models on this machine, with OpenVINO: devices, compiled models and their cache, precision, memory."""
