// One edge has a flipped byte in every piece.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { damagedLibrary } from './lib/fixture.mjs';
import { suite } from './lib/suite.mjs';

const it = suite({ roots: (shared, dir) => [damagedLibrary(shared.library, join(dir, 'damaged')), undefined] });

for (const title of ['film', 'open', 'partial']) {
  test(`wrong bytes in '${title}' are refused, taken from the other edge, and reported`, async () => {
    const player = await it.watch(title);
    await player.firstFrame();
    for (const time of [15, 6.4]) {
      const shown = await player.seek(time);
      assert.equal(shown.frame, shown.expected);
      assert.ok(Math.abs(shown.mediaTime - time) < 0.05);
    }
    await player.play();
    await player.playsOn(2);
    const { report, error, trouble } = await player.when('it is counted', (s) => s.report?.edges[0].damaged > 0);
    assert.equal(error, '');
    assert.equal(trouble, undefined);
    assert.equal(report.edges[1].damaged, 0);
    const panel = await player.sources();
    assert.match(panel, new RegExp(`${it.net.edges[0].address}:\\d+ sent wrong bytes: refused, taken from another edge`));
    await player.page.close();
  });
}
