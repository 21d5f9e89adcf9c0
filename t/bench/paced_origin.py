"""An origin that sends one body at a steady pace under any path, and counts how often it was asked."""

import http.server
import re
import threading
import time


class PacedOrigin:
    def __init__(self, body, bytes_per_s, address="127.0.0.1"):
        self.asked = []
        self.sent = 0
        lock = threading.Lock()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                with lock:
                    outer.asked.append(self.path)
                first, last = 0, len(body) - 1
                asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
                if asked:
                    first, last = int(asked[1]), min(last, int(asked[2] or last))
                self.send_response(206 if asked else 200)
                if asked:
                    self.send_header("Content-Range", f"bytes {first}-{last}/{len(body)}")
                self.send_header("Content-Length", str(last + 1 - first))
                self.send_header("Accept-Ranges", "bytes")
                self.send_header("ETag", '"paced"')
                self.send_header("Cache-Control", "public, max-age=31536000, immutable")
                self.end_headers()
                self.send_paced(first, last + 1)

            def send_paced(self, at, end):
                begun, start = time.monotonic(), at
                try:
                    while at < end:
                        step = min(64 << 10, end - at)
                        self.wfile.write(body[at : at + step])
                        at += step
                        with lock:
                            outer.sent += step
                        ahead = (at - start) / bytes_per_s - (time.monotonic() - begun)
                        if ahead > 0:
                            time.sleep(ahead)  # pace
                except OSError:
                    self.close_connection = True

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer((address, 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def take_counts(self):
        counts = len(self.asked), self.sent
        self.asked, self.sent = [], 0
        return counts
