"""What the window is to the computer it runs on: quitting, the tray, notifications, and keeping it awake."""
