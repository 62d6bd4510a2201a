import { randomBytes, randomFillSync, randomUUID } from 'node:crypto'

/** The only source of chance. */
export type Random = {
  bytes(length: number): Buffer
  uuid(): string
}

/** Drawn ahead: the system takes as long over sixteen bytes as over all of these. */
const drawn = Buffer.alloc(4096)
let used = drawn.length

const take = (length: number): Buffer => {
  if (used + length > drawn.length) {
    randomFillSync(drawn)
    used = 0
  }
  const taken = Buffer.from(drawn.subarray(used, used + length))
  // What was handed out is a secret of somebody's: no copy stays here.
  drawn.fill(0, used, used + length)
  used += length
  return taken
}

export const systemRandom: Random = {
  bytes: (length) => (length > 64 ? randomBytes(length) : take(length)),
  uuid: () => randomUUID(),
}

/** 256 bits in URL-safe characters, behind a prefix that says what was leaked when it is found somewhere. */
export const secret = (random: Random, prefix: string): string => `${prefix}${random.bytes(32).toString('base64url')}`
