import { protect } from '../../../src/resource-server/index.ts'

const guard = protect({
  issuer: 'https://auth.example',
  audience: 'https://api.example',
  publicUrl: 'https://api.example',
  nonceSecret: secret,
  proofs: { first: async (id, until) => (await redis.set(id, '', { NX: true, PXAT: until.getTime() })) === 'OK' },
})

declare const secret: string
declare const redis: {
  set(key: string, value: string, options: { NX: true; PXAT: number }): Promise<string | null>
}

export { guard }
