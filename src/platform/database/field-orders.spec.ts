import { describe, expect, it } from '@jest/globals';
import { Schema } from 'mongoose';
import { FieldOrders } from './field-orders.js';

const SCHEMA = new Schema({
  startsOn: { type: String, format: 'day' },
  endsOn: { type: String, format: 'day' },
  at: Date,
  name: String,
  secretAt: { type: Date, encrypted: true },
});

describe('fields that are later than others', () => {
  const orders = new FieldOrders('rental', SCHEMA, { endsOn: { after: 'startsOn' } });

  it.each([
    [{ endsOn: '2030-01-02' }, { $and: [{ startsOn: { $not: { $gte: '2030-01-02' } } }] }],
    [{ startsOn: '2030-01-02' }, { $and: [{ endsOn: { $not: { $lte: '2030-01-02' } } }] }],
    [{ startsOn: '2030-01-01', endsOn: '2030-01-02' }, undefined],
    [{ startsOn: null }, undefined],
    [{ name: 'x' }, undefined],
  ])('ask of the record for %j', (change, condition) => {
    expect(orders.conditionOf(change)).toEqual(condition);
  });

  it('are refused together', () => {
    expect(() => orders.conditionOf({ startsOn: '2030-01-02', endsOn: '2030-01-02' })).toThrow(
      expect.objectContaining({
        details: [{ path: 'endsOn', message: 'endsOn must be after startsOn' }],
      }),
    );
  });

  it.each([
    [{ endsOn: { after: 'at' } }, 'compare endsOn with at; both have to be dates, or both days'],
    [{ name: { since: 'name' } }, 'compare name with name'],
    [{ at: { since: 'nothing' } }, 'compare at with nothing'],
    [{ secretAt: { since: 'at' } }, 'compare secretAt with at'],
  ])('cannot be declared as %j', (declared, message) => {
    expect(() => new FieldOrders('rental', SCHEMA, declared)).toThrow(message);
  });
});
