// The service worker at /watch/sw.js: answers the media element's requests for /watch/v/TITLE/REVISION from pieces.
// Everything it needs to go on is in the address and in IndexedDB: the browser may stop it at any time.
//
// It never gives a media request an HTTP error (fatal for the element) and never passes a virtual address on to the
// network (an element that got both kinds of answer fails as well).

import { kErrors, WeirError } from '../core/errors';
import { kProtocol, kVirtualPath, type Answer, type Question } from './messages';
import { dropOldTitles } from './title_db';
import { Titles } from './titles';
import { answerRange } from './virtual_file';

declare const self: ServiceWorkerScope;

/** The parts of ServiceWorkerGlobalScope used here: TypeScript's own library for it excludes the DOM's. */
interface ServiceWorkerScope {
  addEventListener(type: 'install' | 'activate', listener: (event: ExtendableEvent) => void): void;
  addEventListener(type: 'fetch', listener: (event: FetchEvent) => void): void;
  addEventListener(type: 'message', listener: (event: MessageEvent & ExtendableEvent) => void): void;
  skipWaiting(): Promise<void>;
  clients: { claim(): Promise<void> };
  registration: { scope: string };
}
interface ExtendableEvent extends Event {
  waitUntil(promise: Promise<unknown>): void;
}
interface FetchEvent extends ExtendableEvent {
  request: Request;
  respondWith(response: Promise<Response>): void;
}

const titles = new Titles(crypto.randomUUID());
/** Tries to find a title that should be known, before the request is failed and asked anew by the element. */
const kFindMs = [100, 400, 1500];

self.addEventListener('install', () => void self.skipWaiting());
self.addEventListener('activate', (event) =>
  event.waitUntil(Promise.all([self.clients.claim(), dropOldTitles(Date.now()).catch(() => undefined)])),
);

self.addEventListener('fetch', (event) => {
  const virtual = new URL(kVirtualPath, self.registration.scope).href;
  if (event.request.url.startsWith(virtual)) event.respondWith(serve(event.request, virtual));
});

async function serve(request: Request, virtual: string): Promise<Response> {
  const [title = '', revision = ''] = new URL(request.url).href.slice(virtual.length).split(/[/?#]/);
  for (const wait of kFindMs) {
    try {
      const source = await titles.find(title, revision);
      if (source) return answerRange(request.headers.get('range'), source, request.method);
    } catch {
      // IndexedDB busy, or an edge away while reviving: once more.
    }
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
  return Response.error();
}

self.addEventListener('message', (event) => {
  const port = event.ports[0];
  const work = reply(event.data as Question).then((answer) => port?.postMessage(answer));
  event.waitUntil(work);
});

async function reply(question: Question): Promise<Answer<unknown>> {
  try {
    return { ok: true, value: await answer(question) };
  } catch (e) {
    const error =
      e instanceof WeirError
        ? { code: e.code, detail: e.message }
        : { code: kErrors.internal, detail: e instanceof Error ? e.name : 'unknown' };
    return { ok: false, error };
  }
}

async function answer(question: Question): Promise<unknown> {
  switch (question.type) {
    case 'claim':
      await self.clients.claim();
      return kProtocol;
    case 'prepare':
      // A page of another version meets this worker only while the browser replaces one by the other.
      if (question.protocol !== kProtocol) throw new WeirError(kErrors.internal, 'page and worker are of two versions');
      return titles.prepare(question);
    case 'status':
      return titles.report(question.title, question.revision);
  }
}
