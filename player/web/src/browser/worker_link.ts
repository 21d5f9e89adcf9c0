// The page's end of the service worker: gets this page controlled by it, asks it questions.
//
// Every step here was a fatal error once: a src set before there is a controller goes to the network (404, MediaError 4);
// `serviceWorker.ready` resolves while controller is still null; after a hard reload no controllerchange ever comes
// unless the worker is told to claim; in a sandboxed frame even looking at navigator.serviceWorker throws.

import { kErrors, WeirError } from '../core/errors';
import type { Answer, Question } from './messages';

const kControlMs = 3_000;
const kAnswerMs = 20_000;

export class WorkerLink {
  private constructor(
    private readonly container: ServiceWorkerContainer,
    readonly scope: string,
  ) {}

  /** Undefined when this page cannot have a service worker: the caller takes another way. */
  static async connect(workerUrl: string): Promise<WorkerLink | undefined> {
    try {
      if (!isSecureContext || !crypto.subtle || !('serviceWorker' in navigator)) return undefined;
      const container = navigator.serviceWorker;
      const registration = await withTimeout(container.register(workerUrl), kControlMs);
      if (!registration || !location.href.startsWith(registration.scope)) return undefined;
      if (!container.controller && !(await becomeControlled(container, registration))) return undefined;
      return new WorkerLink(container, registration.scope);
    } catch {
      return undefined;
    }
  }

  async ask<T>(question: Question, timeoutMs = kAnswerMs): Promise<T> {
    const worker = this.container.controller;
    if (!worker) throw new WeirError(kErrors.internal, 'the service worker is gone');
    const answer = await withTimeout(send<Answer<T>>(worker, question), timeoutMs);
    if (!answer) throw new WeirError(kErrors.internal, 'the service worker does not answer');
    if (!answer.ok) throw new WeirError(answer.error.code, answer.error.detail);
    return answer.value;
  }
}

async function becomeControlled(container: ServiceWorkerContainer, registration: ServiceWorkerRegistration): Promise<boolean> {
  const controlled = new Promise<true>((resolve) => {
    container.addEventListener('controllerchange', () => resolve(true), { once: true });
  });
  if (registration.active) void send(registration.active, { type: 'claim' });
  return (await withTimeout(controlled, kControlMs)) ?? container.controller !== null;
}

function send<T>(worker: ServiceWorker, question: Question): Promise<T> {
  const { port1, port2 } = new MessageChannel();
  return new Promise<T>((resolve) => {
    port1.onmessage = (event) => {
      resolve(event.data as T);
      port1.close();
    };
    worker.postMessage(question, [port2]);
  });
}

function withTimeout<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  return Promise.race([promise, new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), ms))]);
}
