import { networkOf } from '../network.ts'

export const networkShown = (ip: string | undefined): string | undefined =>
  ip === undefined ? undefined : networkOf(ip)
