"""How models run on this machine: devices, compiled models and their cache, precision, memory. Knows OpenVINO."""
