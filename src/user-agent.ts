import bowser from 'bowser'
import { LRUCache } from 'lru-cache'

/** @property system undefined where a browser did not say on what it runs */
export type Device = { readonly browser: string; readonly system: string | undefined }

/** Few browsers are many rows, and to read one of their names takes as long as a query. */
const known = new LRUCache<string, Device>({ max: 1000 })

/** What a person would call the device: the browser and the system, or the first word of what is neither. */
export const deviceParts = (userAgent: string | undefined): Device | undefined => {
  if (userAgent === undefined || userAgent === '') return undefined
  const read = known.get(userAgent) ?? parse(userAgent)
  known.set(userAgent, read)
  return read
}

const parse = (userAgent: string): Device => {
  const { browser, os } = bowser.parse(userAgent)
  if (browser.name) return { browser: browser.name, system: os.name }
  return { browser: userAgent.split(' ')[0]?.slice(0, 40) ?? '', system: undefined }
}

export const deviceOf = (userAgent: string | undefined): string | undefined => {
  const device = deviceParts(userAgent)
  return device?.system ? `${device.browser} on ${device.system}` : device?.browser
}
