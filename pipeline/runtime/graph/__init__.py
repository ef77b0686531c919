"""What is done to a model's graph before OpenVINO compiles it: convolutional networks in general, of any model."""
