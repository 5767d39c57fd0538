"""From a report to files. Nothing here, nor anything it imports, loads TensorFlow."""
