import type { FastifyInstance } from 'fastify'
import { protect, tokenOf } from '../../../src/resource-server/index.ts'

const guard = protect({ issuer: 'https://auth.example', audience: 'https://api.example' })
app.get('/orders', { preHandler: guard.fastify('orders.read') }, async (request) => ordersOf(tokenOf(request).sub))

declare const app: FastifyInstance
declare const ordersOf: (person: string) => readonly string[]
