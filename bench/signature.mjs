import { generateKeyPairSync, sign } from 'node:crypto'

/** CPU milliseconds of one act, so many at once, measured over some seconds in this process. */
export const cpuPerAct = async (act, { atOnce, seconds }) => {
  const spend = async (milliseconds) => {
    const until = performance.now() + milliseconds
    let acts = 0
    const loop = async () => {
      for (; performance.now() < until; acts++) await act()
    }
    await Promise.all(Array.from({ length: atOnce }, loop))
    return acts
  }
  await spend(500)
  const before = process.cpuUsage()
  const acts = await spend(seconds * 1000)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000 / acts
}

/** The unit of the table: one RSA-2048 signature of a token's length on the thread pool, and nothing around it. */
export const bareSignature = ({ seconds }) => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const input = Buffer.alloc(500, 'x')
  const act = () =>
    new Promise((resolve, reject) => {
      sign('sha256', input, privateKey, (error, signature) => (error ? reject(error) : resolve(signature)))
    })
  return cpuPerAct(act, { atOnce: 16, seconds })
}
