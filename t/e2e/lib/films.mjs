// Films for the tests, made by ffmpeg: each frame carries its own number as sixteen black or white squares along the top, so
// that a picture read back from a canvas says which frame it is.

import { spawn } from 'node:child_process';
import { statSync } from 'node:fs';

export const kFps = 25;
export const kBits = 16;
export const kSquare = 40;

function counter() {
  const squares = Array.from({ length: kBits }, (_, k) => {
    const on = `gte(mod(floor(n/pow(2\\,${k}))\\,2)\\,1)`;
    return `drawbox=x=${k * kSquare}:y=0:w=${kSquare}:h=${kSquare}:color=white:t=fill:enable='${on}'`;
  });
  return [`drawbox=x=0:y=0:w=${kBits * kSquare}:h=${kSquare}:color=black:t=fill`, ...squares].join(',');
}

/** `coding`: ffmpeg's options for the output; noise makes a film of flat colours as large as a real one. */
export async function makeFilm(file, { seconds, coding, noise = 12 }) {
  const video = `testsrc2=size=640x360:rate=${kFps}:duration=${seconds}`;
  const sound = `sine=frequency=440:duration=${seconds}`;
  const filter = `noise=alls=${noise}:allf=t,${counter()}`;
  const args = ['-v', 'error', '-y', '-f', 'lavfi', '-i', video, '-f', 'lavfi', '-i', sound, '-vf', filter, ...coding, file];
  await run('ffmpeg', args);
  return statSync(file).size;
}

const kH264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '50', '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-b:a', '96k'];

/** What the tests play, and what Chromium cannot. */
export const kFilms = {
  film: { seconds: 60, ext: 'mp4', coding: [...kH264, '-b:v', '4M', '-movflags', '+faststart'] },
  tail: { seconds: 20, ext: 'mp4', coding: [...kH264, '-b:v', '2M'] },
  webm: {
    seconds: 10,
    ext: 'webm',
    noise: 0,
    coding: ['-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '8', '-b:v', '2M', '-g', '50', '-c:a', 'libopus'],
  },
  wmv: { seconds: 4, ext: 'wmv', coding: ['-c:v', 'wmv2', '-b:v', '1M', '-c:a', 'wmav2'] },
  // A picture Chromium has no decoder for, in a container it does not open.
  mkv: { seconds: 4, ext: 'mkv', coding: ['-c:v', 'mpeg4', '-b:v', '1M', '-c:a', 'ac3'] },
};

export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let out = '';
    let err = '';
    child.stdout.on('data', (d) => (out += d));
    child.stderr.on('data', (d) => (err += d));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(out);
      else reject(new Error(`${command} ${args.slice(0, 3).join(' ')}… ended with ${code}: ${err.trim().slice(-600)}`));
    });
  });
}
