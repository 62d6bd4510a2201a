import { createHmac, timingSafeEqual } from 'node:crypto'
import { later, numericDate } from '../clock.ts'
import type { Ended, Target } from '../identity/ending.ts'

/**
 * What a preview hands out, and an act on many has to bring back: proof that somebody was told what it ends. Signed and
 * not stored. It is bound to the target, to whoever was told, and to the counts, and it lives for five minutes.
 */
export const confirmationLifetime = 300

type Secrets = readonly [Buffer, ...Buffer[]]

export const confirmationPattern = '^\\d{1,12}(?:\\.\\d{1,9}){3}\\.[\\w-]{43}$'
const shape = /^((\d{1,12})\.(\d{1,9})\.(\d{1,9})\.(\d{1,9}))\.([\w-]{43})$/

const nameOf = (target: Target): string =>
  JSON.stringify(
    target.of === 'all'
      ? [target.of]
      : target.of === 'app'
        ? [target.of, target.userId, target.clientId]
        : [target.of, target.id],
  )

const macOf = (secret: Buffer, target: Target, by: string, told: string): Buffer =>
  createHmac('sha256', secret)
    .update(`tessera confirmation\0${told}\0${by}\0${nameOf(target)}`)
    .digest()

/** @param by whoever is told: a person's or a client's id */
export const confirmationOf = (secrets: Secrets, target: Target, by: string, ends: Ended, now: Date): string => {
  const told = [numericDate(later(now, confirmationLifetime)), ends.sessions, ends.families, ends.codes].join('.')
  return `${told}.${macOf(secrets[0], target, by, told).toString('base64url')}`
}

export type Confirmed = { readonly is: 'told'; readonly ends: Ended } | { readonly is: 'foreign' | 'expired' }

/** @param secrets the first signs, all of them verify */
export const readConfirmation = (secrets: Secrets, target: Target, by: string, text: string, now: Date): Confirmed => {
  const [, told, expires, sessions, families, codes, mac] = shape.exec(text) ?? []
  if (told === undefined || mac === undefined) return { is: 'foreign' }
  const given = Buffer.from(mac, 'base64url')
  if (!secrets.some((secret) => timingSafeEqual(macOf(secret, target, by, told), given))) return { is: 'foreign' }
  if (Number(expires) <= numericDate(now)) return { is: 'expired' }
  return { is: 'told', ends: { sessions: Number(sessions), families: Number(families), codes: Number(codes) } }
}

/**
 * People go on logging in while an administrator reads: whoever ends everything must not be sent back for ever. So a tenth
 * more than was told may end, and ten more of each where that is little; past that somebody has to be told again.
 */
export const surprises = (ends: Ended, told: Ended): boolean =>
  (['sessions', 'families', 'codes'] as const).some((kind) => ends[kind] > told[kind] + Math.max(10, told[kind] / 10))
