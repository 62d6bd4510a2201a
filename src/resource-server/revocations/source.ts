import { ask, read, Unreachable } from '../exchange.ts'
import type { Kept } from '../kept.ts'
import type { KeySet } from '../key-set.ts'
import type { Metadata } from '../metadata.ts'
import { asymmetric, type Settings } from '../options.ts'
import { Broken } from '../refusal.ts'
import { openSigned } from '../signature.ts'
import { eventsOf } from './event-stream.ts'
import { type Feed, FeedRefused, readFeed } from './feed.ts'
import type { Held } from './list.ts'

/** The two ways to the same lists. */
export type Source = {
  /** @throws Unreachable, FeedRefused */
  poll(after: Held | undefined, signal: AbortSignal): Promise<Feed>
  /** undefined where the issuer has none. @throws Unreachable, FeedRefused */
  stream(after: Held | undefined, signal: AbortSignal): Promise<AsyncIterable<Feed> | undefined>
}

/** Bytes: some 150,000 active revocations. */
const most = 16 * 1024 * 1024

export const createSource = (settings: Settings, metadata: Kept<Metadata>, keySet: KeySet): Source => {
  const open = async (jws: string): Promise<Feed> => {
    try {
      const expected = { typ: 'revocations+jwt', algorithms: asymmetric, purpose: 'revocations' } as const
      return readFeed((await openSigned(jws.trim(), keySet, expected)).payload, settings)
    } catch (error) {
      if (error instanceof Broken) throw new FeedRefused(`the list cannot be trusted: ${error.message}`)
      throw error
    }
  }
  const question = (url: URL, accept: string, after: Held | undefined, signal: AbortSignal) => {
    const asked = new URL(url)
    if (after) asked.searchParams.set('epoch', after.epoch)
    if (after) asked.searchParams.set('after', String(after.seq))
    return { url: asked, accept, signal, timeout: settings.timeout, background: true }
  }
  return {
    async poll(after, signal) {
      const { feed } = await metadata.get()
      if (!feed)
        throw new Unreachable(
          `${settings.issuer} publishes no revocation_feed_endpoint: protect({ revocations: 'off' }) does without`,
        )
      return open(await read(question(feed, 'application/revocations+jwt', after, signal), most))
    },
    async stream(after, signal) {
      const { stream } = await metadata.get()
      if (!stream) return undefined
      const response = await ask(question(stream, 'text/event-stream', after, signal))
      if (!/^text\/event-stream *(?:;|$)/i.test(response.headers['content-type'] ?? '')) {
        response.destroy()
        throw new Unreachable(`${stream.href} answered with no event stream`)
      }
      return feedsOf(response, open)
    },
  }
}

async function* feedsOf(chunks: AsyncIterable<Buffer>, open: (jws: string) => Promise<Feed>): AsyncGenerator<Feed> {
  for await (const jws of eventsOf(chunks, 'revocations', most)) yield await open(jws)
}
