"""HTTP and websockets: the live wire, the calls, the way in, the screens."""
