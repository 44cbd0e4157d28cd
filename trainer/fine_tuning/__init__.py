"""Fine-tuning: training the backbone itself, in a child process that has TensorFlow."""
