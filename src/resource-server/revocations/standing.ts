import type { Token } from '../access-token.ts'
import { Unreachable } from '../exchange.ts'
import { createIntrospection } from '../introspection.ts'
import type { Kept } from '../kept.ts'
import type { KeySet } from '../key-set.ts'
import type { Metadata } from '../metadata.ts'
import type { Settings } from '../options.ts'
import { Broken } from '../refusal.ts'
import { createFollower } from './follower.ts'
import { createRevocationList } from './list.ts'
import { createSource } from './source.ts'

/** What became of a token since it was signed. */
export type Standing = {
  /** Begins to follow the list. */
  start(): void
  /** @throws Broken for a revoked token, and for any other where nobody knows */
  check(token: Token, kid: string, written: string): Promise<void>
  /** Waits for the first list. @throws Unreachable */
  ready(): Promise<void>
  close(): void
}

export const noStanding: Standing = { start() {}, check: async () => {}, ready: async () => {}, close() {} }

export const createStanding = (settings: Settings, metadata: Kept<Metadata>, keySet: KeySet): Standing => {
  const list = createRevocationList(settings.seconds, settings.clockTolerance)
  const follower = createFollower(settings, createSource(settings, metadata, keySet), list)
  const isActive = createIntrospection(settings, metadata)

  /** Seconds by which the list is older than it may be; Infinity where there is none. */
  const staleFor = (): number => {
    const held = list.held()
    if (!held) return Number.POSITIVE_INFINITY
    return settings.seconds() - held.iat - (settings.maxFeedAge ?? held.maxAge) - settings.clockTolerance
  }

  const decide = async (written: string, stale: number): Promise<void> => {
    const { staleFeed } = settings
    if (staleFeed === 'accept') return
    const age = stale === Number.POSITIVE_INFINITY ? 'never came' : `has been stale for ${Math.ceil(stale)} s`
    const what = `the list of revocations ${age}`
    if (staleFeed === 'refuse')
      throw new Broken('unavailable', 'feed_stale', `${what}, so this token may be revoked: staleFeed says what to do`)
    try {
      if (await isActive(written, staleFeed)) return
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error
      throw new Broken('unavailable', 'feed_stale', `${what}, and introspection failed: ${error.message}`)
    }
    throw new Broken('invalid_token', 'inactive', `${what}, and introspection says that the token is not active`)
  }

  return {
    start: follower.start,
    async check(token, kid, written) {
      if (!list.held()) await follower.first(settings.feedWait * 1000)
      // Even an old list is right about what it holds.
      const ended = list.find(token, kid)
      if (ended !== undefined) throw new Broken('invalid_token', 'revoked', `${ended} was revoked`)
      const stale = staleFor()
      if (stale > 0) await decide(written, stale)
    },
    async ready() {
      follower.start()
      await follower.first(settings.feedWait * 1000)
      if (!list.held()) throw new Unreachable('the list of revocations did not come; onTrouble says why')
    },
    close: follower.close,
  }
}
