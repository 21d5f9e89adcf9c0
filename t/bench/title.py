"""Films and titles for benchmarks."""

import json
import subprocess


def tool(build, *arguments):
    done = subprocess.run([str(build / "weir"), *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"bench: weir {arguments[0]}: {done.stderr.strip()}")
    return done.stdout.strip()


def make_film(path, mib):
    """An MP4 of about that size: ten busy seconds, over and over."""
    clip = path.with_suffix(".clip.mp4")
    subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=25:duration=10,noise=alls=40:allf=t",
         "-f", "lavfi", "-i", "sine=frequency=440:duration=10", "-c:v", "libx264", "-preset", "ultrafast", "-b:v", "20M", "-g", "50",
         "-pix_fmt", "yuv420p", "-c:a", "aac", str(clip)], check=True)
    loops = max(0, round(mib * 2**20 / clip.stat().st_size) - 1)
    subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-y", "-stream_loop", str(loops), "-i", str(clip), "-c", "copy", "-movflags", "+faststart", str(path)],
        check=True)
    clip.unlink()
    return path


def make_title(build, film, library, key, title="film", rendition="file"):
    tool(build, "split", film, "-o", library, "--title", title, "--protect", "all", "--key-file", key, "--rendition", rendition)
    return library / "titles" / title / "header.enp"


def make_token(build, where, title="film", rights="play,dl"):
    """(token, path of the key set)"""
    key, jwks = where / "signing.key", where / "jwks.json"
    tool(build, "token", "keygen", "-o", key)
    jwks.write_text(tool(build, "token", "jwks", key))
    json.loads(jwks.read_text())
    return tool(build, "token", "issue", "--key", key, "--title", title, "--rights", rights, "--ttl", 3600), jwks
