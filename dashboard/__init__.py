"""The browser's face of Vibench: pages in a frame, served by one process."""
