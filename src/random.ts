import { randomBytes, randomUUID } from 'node:crypto'

/** The only source of chance. */
export type Random = {
  bytes(length: number): Buffer
  uuid(): string
}

export const systemRandom: Random = {
  bytes: (length) => randomBytes(length),
  uuid: () => randomUUID(),
}

/** 256 bits in URL-safe characters, behind a prefix that says what was leaked when it is found somewhere. */
export const secret = (random: Random, prefix: string): string => `${prefix}${random.bytes(32).toString('base64url')}`
