import type { Logger } from 'pino'
import { protect } from '../../../src/resource-server/index.ts'

const guard = protect({
  issuer: 'https://auth.example',
  audience: 'https://api.example',
  onRefusal: ({ status, rule, reason }) => log.info({ status, rule }, reason),
  onTrouble: ({ about, reason }) => log.warn({ about }, reason),
})
await guard.ready()

declare const log: Logger
