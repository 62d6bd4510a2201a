import { createHmac, timingSafeEqual } from 'node:crypto'
import { later, numericDate } from '../clock.ts'
import type { Random } from '../random.ts'

/**
 * A browser in which a person has logged in before: a long-lived cookie that says so, signed and not stored. It opens
 * nothing; it only lets its owner try while strangers who guess that owner's password have to wait.
 */
export const deviceLifetime = 400 * 86_400

type Secrets = readonly [Buffer, ...Buffer[]]

const macOf = (secret: Buffer, usernameKey: string, id: string, expires: string): Buffer =>
  createHmac('sha256', secret).update(`tessera device\0${id}\0${expires}\0${usernameKey}`).digest()

/** The cookie's value, to be set anew at every login. @param secrets the first signs, all of them verify */
export const deviceToken = (secrets: Secrets, usernameKey: string, random: Random, now: Date): string => {
  const id = random.bytes(16).toString('base64url')
  const expires = String(numericDate(later(now, deviceLifetime)))
  return `${id}.${expires}.${macOf(secrets[0], usernameKey, id, expires).toString('base64url')}`
}

/** @returns the device's id, undefined when this person has never logged in there */
export const knownDevice = (
  secrets: Secrets,
  usernameKey: string,
  token: string | undefined,
  now: Date,
): string | undefined => {
  const [, id, expires, mac] = /^([\w-]{22})\.(\d{1,12})\.([\w-]{43})$/.exec(token ?? '') ?? []
  if (id === undefined || expires === undefined || mac === undefined || Number(expires) <= numericDate(now))
    return undefined
  const given = Buffer.from(mac, 'base64url')
  return secrets.some((secret) => timingSafeEqual(macOf(secret, usernameKey, id, expires), given)) ? id : undefined
}
