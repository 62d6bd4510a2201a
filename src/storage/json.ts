import type { Prisma } from './prisma/client.ts'

/** JSON columns hold what JSON can hold: anything else was never stored. For what Prisma writes. */
export const asJson = (value: unknown): Prisma.InputJsonValue => JSON.parse(JSON.stringify(value))
