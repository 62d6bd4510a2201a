import assert from 'node:assert/strict'
import { protect } from '../../../src/resource-server/index.ts'
import { mockIssuer } from '../../../src/resource-server/testing/index.ts'

const issuer = await mockIssuer({ audience: 'https://api.example' })
const guard = protect({ issuer: issuer.issuer, audience: 'https://api.example' })

const token = await issuer.issue({ sub: 'alice', scope: 'orders.read', jti: 'family-7.1' })
assert.equal((await guard.verify(token, 'orders.read')).sub, 'alice')

const expired = await issuer.issue({ exp: 1 })
await assert.rejects(guard.verify(expired), { rule: 'exp', status: 401 })

await issuer.revoke({ family: 'family-7' })
const isRevoked = () =>
  guard.verify(token).then(
    () => false,
    ({ rule }) => rule === 'revoked',
  )
while (!(await isRevoked())) await new Promise((resolve) => setTimeout(resolve, 5))

guard.close()
await issuer.close()
