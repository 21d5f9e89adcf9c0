// What the service worker needs to go on after the browser stopped it, in IndexedDB. The content key is a CryptoKey
// whose bytes nobody can read back. Entries that no page has refreshed for a day are dropped.

import type { Bytes } from '../core/bytes';

export interface SavedTitle {
  /** title/revision */
  id: string;
  header: Bytes;
  contentKey: CryptoKey | undefined;
  edges: string[];
  token: string;
  savedAt: number;
}

const kStore = 'titles';
const kKeepMs = 24 * 3600 * 1000;

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open('weir', 1);
    request.onupgradeneeded = () => request.result.createObjectStore(kStore, { keyPath: 'id' });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('IndexedDB'));
  });
}

async function run<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const db = await open();
  try {
    return await new Promise<T>((resolve, reject) => {
      const transaction = db.transaction(kStore, mode);
      const request = act(transaction.objectStore(kStore));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error ?? new Error('IndexedDB'));
    });
  } finally {
    db.close();
  }
}

export async function saveTitle(title: SavedTitle): Promise<void> {
  await run('readwrite', (store) => store.put(title));
}

export async function loadTitle(id: string): Promise<SavedTitle | undefined> {
  return (await run('readonly', (store) => store.get(id))) as SavedTitle | undefined;
}

export async function dropOldTitles(now: number): Promise<void> {
  const all = (await run('readonly', (store) => store.getAll())) as SavedTitle[];
  for (const t of all) if (now - t.savedAt > kKeepMs) await run('readwrite', (store) => store.delete(t.id));
}
