"""C3 Tandem: the service that stores community profiles and pairs related ones across companies."""
