/** What every gateway does alike. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Gateway, OutboundMessage } from '../../src/gateways/gateway.js'

export interface GatewaySetting {
  readonly gateway: Gateway
  /** What the far end has, each message as often as it came. */
  arrived(): Promise<readonly { readonly to: string; readonly text: string }[]>
  close(): Promise<void>
}

export interface GatewayTraits {
  /** A key is known again, so that a repetition is not a second message. */
  readonly knowsKeys: boolean
}

export const NEVER = new AbortController().signal

export function message(number: number, text = `안내 ${number}: 신청해 주세요`): OutboundMessage {
  const to = `0105550${String(number).padStart(4, '0')}`
  return { key: `refund_reminder:1:${number}:text`, to, text, kind: 'SMS', subject: null }
}

export function gatewaySuite(
  name: string,
  traits: GatewayTraits,
  open: () => Promise<GatewaySetting>,
): void {
  describe(`every gateway: ${name}`, () => {
    let setting: GatewaySetting
    beforeEach(async () => {
      setting = await open()
    })
    afterEach(async () => await setting.close())

    test('hands a message over as it was written', async () => {
      const text = `[KT] 위약금 환급 안내\n"따옴표", 50% & <b>, \\, ~^{}[]|€, 뷁 😀\t끝`
      expect(await setting.gateway.send(message(1, text), NEVER)).toMatchObject({
        outcome: 'accepted',
        reference: expect.stringMatching(/^.+$/),
      })
      expect(await setting.arrived()).toEqual([{ to: '01055500001', text }])
    })

    test('hands over a long message whole', async () => {
      const text = '환급 대상이신데 아직 신청하지 않으셨습니다. 😀 '.repeat(20).trim()
      const long = { ...message(2, text), kind: 'LMS' as const }
      expect(await setting.gateway.send(long, NEVER)).toMatchObject({ outcome: 'accepted' })
      expect(await setting.arrived()).toEqual([{ to: '01055500002', text }])
    })

    test('hands over many at the same time, each once', async () => {
      const all = Array.from({ length: 300 }, (_, number) => message(number))
      const outcomes = await Promise.all(all.map((it) => setting.gateway.send(it, NEVER)))
      expect(new Set(outcomes.map((it) => it.outcome))).toEqual(new Set(['accepted']))
      const references = outcomes.map((it) => ('reference' in it ? it.reference : ''))
      expect(new Set(references).size).toBe(all.length)
      const arrived = (await setting.arrived()).map((it) => `${it.to} ${it.text}`)
      expect(arrived.toSorted()).toEqual(all.map((it) => `${it.to} ${it.text}`).toSorted())
    })

    test('hands nothing over once it is told to stop', async () => {
      const outcome = await setting.gateway.send(message(3), AbortSignal.abort())
      expect(outcome).toEqual({ outcome: 'refused', reason: 'ABORTED', permanent: false })
      await setting.gateway.send(message(4), NEVER)
      expect((await setting.arrived()).map((it) => it.to)).toEqual(['01055500004'])
    })

    test('says of a key what it can know', async () => {
      await setting.gateway.send(message(5), NEVER)
      const states = await Promise.all(
        [message(5), message(6)].map((it) => setting.gateway.lookUp(it.key)),
      )
      const known = ['taken', 'not_taken']
      expect(states).toEqual(traits.knowsKeys ? known : ['cannot_tell', 'cannot_tell'])
    })

    test('sent four times is one message where keys are known, else four', async () => {
      const sent = await Promise.all([1, 2, 3].map(() => setting.gateway.send(message(7), NEVER)))
      sent.push(await setting.gateway.send(message(7), NEVER))
      for (const it of sent) expect(it.outcome).toBe('accepted')
      expect(await setting.arrived()).toHaveLength(traits.knowsKeys ? 1 : 4)
      const references = new Set(sent.map((it) => JSON.stringify(it)))
      if (traits.knowsKeys) expect(references.size).toBe(1)
    })

    test('finishes what is under way before it closes', async () => {
      const sending = [8, 9, 10].map((it) => setting.gateway.send(message(it), NEVER))
      await setting.gateway.close()
      for (const outcome of await Promise.all(sending)) expect(outcome.outcome).toBe('accepted')
      expect(await setting.arrived()).toHaveLength(3)
    })
  })
}
