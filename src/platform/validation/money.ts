import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { ValidateBy } from 'class-validator';
import { Types } from 'mongoose';
import { decimalOf, decimalText } from './decimal.js';

/** The currencies of ISO 4217 by the number of their decimals. */
const BY_DECIMALS = [
  'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF',
  '',
  `AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY
   COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR
   JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO
   NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS
   TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG`,
  'BHD IQD JOD KWD LYD OMR TND',
  'CLF UYW',
];

const DECIMALS: ReadonlyMap<string, number> = new Map(
  BY_DECIMALS.flatMap((codes, decimals) => (codes.match(/[A-Z]{3}/g) ?? []).map((code) => [code, decimals])),
);

/** An amount in a currency, as it is stored. */
export interface StoredMoney {
  readonly amount: Types.Decimal128;
  readonly currency: string;
}

/** The same as it is sent and received. */
export interface MoneyJson {
  readonly amount: string;
  readonly currency: string;
}

/** An amount as it is sent to clients. */
export function moneyJson(money: StoredMoney): MoneyJson;
export function moneyJson(money: StoredMoney | null | undefined): MoneyJson | undefined;
export function moneyJson(money: StoredMoney | null | undefined): MoneyJson | undefined {
  return money ? { amount: decimalText(money.amount), currency: money.currency } : undefined;
}

function faultIn(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return 'must be an amount in a currency, such as {"amount": "12.30", "currency": "EUR"}';
  }
  const { amount, currency, ...others } = value as Readonly<Record<string, unknown>>;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) return 'must have an amount and a currency, and nothing else';
  const decimals = typeof currency === 'string' ? DECIMALS.get(currency) : undefined;
  if (decimals === undefined) return 'must have a currency of ISO 4217, such as EUR';
  if (typeof amount !== 'string' || decimalOf(amount) === undefined)
    return 'must have an amount as a text, such as "12.30", of at most 34 digits';
  const given = amount.split('.')[1]?.length ?? 0;
  return given > decimals ? `must have at most ${decimals} decimals in ${String(currency)}` : undefined;
}

/** An invalid value, kept for the rule that reports its fault. */
class InvalidValue {
  constructor(readonly fault: string) {}
}

function isRead(value: unknown): boolean {
  return (value as StoredMoney | null | undefined)?.amount instanceof Types.Decimal128;
}

function read(sent: unknown): unknown {
  if (sent === undefined || sent === null || isRead(sent)) return sent;
  const fault = faultIn(sent);
  if (fault !== undefined) return new InvalidValue(fault);
  const { amount, currency } = sent as MoneyJson;
  return { amount: decimalOf(amount), currency };
}

/** An exact amount in a currency: `{"amount": "12.30", "currency": "EUR"}`, with no more decimals than the currency has. */
export function InMoney(): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) => read(value)),
    ValidateBy({
      name: 'isMoney',
      validator: {
        validate: isRead,
        defaultMessage: (args) =>
          `$property ${args?.value instanceof InvalidValue ? args.value.fault : 'must be an amount in a currency'}`,
      },
    }),
  );
}
