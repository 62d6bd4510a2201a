import type { FastifyInstance } from 'fastify'
import { protect, tokenOf } from '../../../src/resource-server/index.ts'

const guard = protect({
  issuer: 'https://auth.example',
  audience: 'https://api.example',
  dpop: 'required',
  publicUrl: 'https://api.example',
})
app.post('/transfers', { onRequest: guard.fastify('transfers') }, async (request) => transfersOf(tokenOf(request).sub))

declare const app: FastifyInstance
declare const transfersOf: (person: string) => readonly string[]
