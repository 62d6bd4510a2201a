import { createServer } from 'node:http'
import express from 'express'
import { protect, tokenOf } from '../../../src/resource-server/index.ts'

const guard = protect({ issuer: 'https://auth.example', audience: 'https://api.example' })

const site = express()
site.get('/orders', guard.express('orders.read'), (request, response) => {
  response.json(ordersOf(tokenOf(request).sub))
})

const server = createServer(
  guard.http('orders.read', (_request, response, token) => response.end(`orders of ${token.sub}`)),
)

const handler = guard.fetch('orders.read', (_request, token) => Response.json(ordersOf(token.sub)))

declare const ordersOf: (person: string) => readonly string[]

export { handler, server }
