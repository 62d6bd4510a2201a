import bowser from 'bowser'

/** @property system undefined where a browser did not say on what it runs */
export type Device = { readonly browser: string; readonly system: string | undefined }

/** What a person would call the device: the browser and the system, or the first word of what is neither. */
export const deviceParts = (userAgent: string | undefined): Device | undefined => {
  if (userAgent === undefined || userAgent === '') return undefined
  const { browser, os } = bowser.parse(userAgent)
  if (browser.name) return { browser: browser.name, system: os.name }
  return { browser: userAgent.split(' ')[0]?.slice(0, 40) ?? '', system: undefined }
}

export const deviceOf = (userAgent: string | undefined): string | undefined => {
  const device = deviceParts(userAgent)
  return device?.system ? `${device.browser} on ${device.system}` : device?.browser
}
