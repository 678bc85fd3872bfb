"""Competition law inside the flow: topics and hints, guidelines and their acceptance, objections."""
