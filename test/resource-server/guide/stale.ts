import { introspect, protect } from '../../../src/resource-server/index.ts'

const patient = protect({ issuer: 'https://auth.example', audience: 'https://api.example', maxFeedAge: 300 })
const asking = protect({
  issuer: 'https://auth.example',
  audience: 'https://api.example',
  staleFeed: introspect({ clientId: 'orders-api', clientSecret: secret }),
})

declare const secret: string

export { asking, patient }
