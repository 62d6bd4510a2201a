import assert from 'node:assert/strict'
import { protect } from '../../../src/resource-server/index.ts'
import { mockIssuer } from '../../../src/resource-server/testing/index.ts'

const issuer = await mockIssuer({ audience: 'https://api.example' })
const publicUrl = 'https://api.example'
const guard = protect({ issuer: issuer.issuer, audience: publicUrl, publicUrl })
const handler = guard.fetch('orders.read', (_request, { sub }) => new Response(sub))
const url = `${publicUrl}/orders`

const key = await issuer.proofKey()
const token = await issuer.issue({ scope: 'orders.read', cnf: { jkt: key.jkt } })
const good = await handler(new Request(url, { headers: await key.headers({ url, token }) }))
assert.equal(good.status, 200)

const stolen = await handler(new Request(url, { headers: { authorization: `Bearer ${token}` } }))
assert.equal(stolen.status, 401)
assert.match(stolen.headers.get('www-authenticate') ?? '', /^DPoP .*error="invalid_token"/)

guard.close()
await issuer.close()
