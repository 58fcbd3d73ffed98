"""OSCQuery: what this instrument's OSC addresses are, over HTTP and WebSocket on one port.

    GET /ondine/param/dry_wet        ──► {"FULL_PATH": …, "TYPE": "f", "VALUE": [1.0], …}
    GET /ondine/param/dry_wet?VALUE  ──► {"VALUE": [1.0]}
    WS  {"COMMAND": "LISTEN", "DATA": "/ondine/param/dry_wet"}
                                     ◄── the value now, and whenever it changes, as OSC packets
                                     ◄── {"COMMAND": "PATH_CHANGED", "DATA": "/ondine"}

After the proposal of Vidvox and its contributors: https://github.com/Vidvox/OSCQueryProposal
"""
