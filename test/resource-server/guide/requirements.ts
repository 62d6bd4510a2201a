import type { FastifyInstance } from 'fastify'
import { optionalTokenOf, protect } from '../../../src/resource-server/index.ts'

const guard = protect({ issuer: 'https://auth.example', audience: 'https://api.example' })
// RFC 9470: a login of the last five minutes. Who has an older one is told to log in again, with max_age=300.
app.post('/transfers', { onRequest: guard.fastify({ scope: 'transfers', maxAge: 300 }) }, transfer)
// Serves everybody, and those who show a token by name. A bad token is refused all the same.
app.get('/prices', { onRequest: guard.optional.fastify() }, async (request) => pricesFor(optionalTokenOf(request)?.sub))

declare const app: FastifyInstance
declare const transfer: () => Promise<string>
declare const pricesFor: (person: string | undefined) => Promise<string>
