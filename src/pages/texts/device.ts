import type { Language } from '../language.ts'

const en = {
  title: 'Connect a device',
  enter: 'Enter the code that your device shows.',
  compare: 'Check that your device shows this code.',
  code: 'Code',
  submit: 'Continue',
  /** RFC 8628 §5.4. */
  warning:
    'Only go on if you started this yourself, on a device in front of you. If somebody sent you the code, they want to get into your account.',
  unknown: 'This code is not right, or it has expired. Check what your device shows, or let it show a new one.',

  asks: 'The device that asks',
  device: (browser: string, system: string | undefined) => (system ? `${browser} on ${system}` : browser),
  unknownDevice: 'Unknown device',
  name: 'Device',
  network: 'Network',
  at: 'Asked at',
  next: 'Then you go back to your device.',

  allowedTitle: 'Your device is connected',
  allowed: (app: string) => `Go back to it: ${app} goes on there by itself. You can close this window.`,
  deniedTitle: 'The device is not connected',
  denied: 'Nothing was shared with it. You can close this window.',
}

export type DeviceTexts = typeof en

const ko: DeviceTexts = {
  title: '기기 연결',
  enter: '기기에 표시된 코드를 입력해 주세요.',
  compare: '기기에 표시된 코드와 같은지 확인해 주세요.',
  code: '코드',
  submit: '계속',
  warning:
    '내 앞에 있는 기기에서 직접 시작한 경우에만 계속해 주세요. 다른 사람이 코드를 보냈다면 내 계정에 들어오려는 거예요.',
  unknown: '코드가 맞지 않거나 만료됐어요. 기기에 표시된 코드를 확인하거나 새 코드를 받아 주세요.',

  asks: '연결을 요청한 기기',
  device: (browser, system) => (system ? `${browser} (${system})` : browser),
  unknownDevice: '알 수 없는 기기',
  name: '기기',
  network: '네트워크',
  at: '요청 시각',
  next: '동의한 다음 기기로 돌아가면 돼요.',

  allowedTitle: '기기를 연결했어요',
  allowed: (app) => `기기로 돌아가면 ${app} 앱이 알아서 이어져요. 이 창은 닫아도 돼요.`,
  deniedTitle: '기기를 연결하지 않았어요',
  denied: '기기와 공유한 정보는 없어요. 이 창은 닫아도 돼요.',
}

export const deviceTexts: Readonly<Record<Language, DeviceTexts>> = { en, ko }
