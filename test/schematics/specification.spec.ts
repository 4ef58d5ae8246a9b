import { describe, expect, it } from '@jest/globals';
import { EXCLUSIVE, FLAGS } from '../../schematics/types/flags.ts';
import { FIELD_TYPES, TYPES } from '../../schematics/types/types.ts';
import { parseField, parseFields } from '../../schematics/specification/fields.ts';
import { costOf } from '../../schematics/specification/lists.ts';
import { featureOf } from '../../schematics/specification/specification.ts';
import { namesOf } from '../../schematics/naming/names.ts';
import { writtenFlag, writtenType } from './matrix.ts';

describe('the name of a feature', () => {
  it('gives everything else its name', () => {
    expect(namesOf('blog-posts')).toEqual({
      plural: 'blog-posts',
      singular: 'blog-post',
      resource: 'blog post',
      resources: 'blog posts',
      Record: 'BlogPost',
      Feature: 'BlogPosts',
      record: 'blogPost',
      records: 'blogPosts',
      RECORD: 'BLOG_POST',
      collection: 'blog_posts',
    });
  });

  it.each([
    ['people', 'Person'],
    ['categories', 'Category'],
    ['statuses', 'Status'],
    ['analyses', 'Analysis'],
    ['caches', 'Cache'],
    ['sales-people', 'SalesPerson'],
    ['oauth2-clients', 'Oauth2Client'],
  ])('%s are of class %s', (plural, Record) => {
    expect(namesOf(plural).Record).toBe(Record);
  });

  it.each([
    ['news', /no singular of its own; say what one of them is, as in news-items/],
    ['sheep', /no singular/],
    ['invoice', /not the plural of anything: say invoices/],
    ['person', /say people/],
    ['s', /say what there are, as in invoices/],
    ['peoples', /is not the plural of anything/],
    ['Invoices', /not a valid feature name/],
    ['blog_posts', /not a valid feature name/],
    ['blogPosts', /not a valid feature name/],
    ['../invoices', /not a valid feature name/],
    ['1invoices', /not a valid feature name/],
    ['invoices-', /not a valid feature name/],
    ['', /not a valid feature name/],
    ['a'.repeat(40) + 's', /longer than 40/],
  ])('cannot be "%s"', (plural, message) => {
    expect(() => namesOf(plural)).toThrow(message);
  });
});

const PAIRS = TYPES.flatMap((type) => FLAGS.map((flag) => ({ type, flag })));

describe('a field', () => {
  it('is read with everything that is said of it', () => {
    expect(parseField('status:enum:draft,sent,paid:default=draft')).toEqual({
      name: 'status',
      type: FIELD_TYPES.enum,
      list: false,
      required: false,
      unique: false,
      index: false,
      encrypted: false,
      search: false,
      stats: false,
      server: false,
      several: false,
      choices: ['draft', 'sent', 'paid'],
      default: 'draft',
    });
    expect(parseField('number:string:required:unique:max=20')).toMatchObject({ unique: true, max: 20 });
    expect(parseField('projectId:ref:projects').target).toEqual(namesOf('projects'));
    expect(parseField('site:url:required:existing=https://example.com:8080/a')).toMatchObject({
      existing: 'https://example.com:8080/a',
    });
    expect(parseField('since:date:required:existing=2030-01-31')).toMatchObject({
      existing: '2030-01-31T00:00:00.000Z',
    });
    expect(parseField('text:string:default=a:b=c:max=9')).toMatchObject({ default: 'a:b=c', max: 9 });
  });

  it.each(PAIRS.filter(({ type, flag }) => FIELD_TYPES[type].flags.includes(flag)))(
    'of type $type may have $flag',
    ({ type, flag }) => {
      expect(() => parseField(`field:${writtenType(type)}:${writtenFlag(flag, type)}`)).not.toThrow();
    },
  );

  it.each(PAIRS.filter(({ type, flag }) => !FIELD_TYPES[type].flags.includes(flag)))(
    'of type $type is refused with $flag, by name',
    ({ type, flag }) => {
      const written = `field:${writtenType(type)}:${writtenFlag(flag, type)}`;
      expect(() => parseField(written)).toThrow(
        new RegExp(`^field cannot have ${flag}=?: a field of type ${type}`),
      );
    },
  );

  it.each(
    EXCLUSIVE.filter(([a, b]) =>
      TYPES.some((type) => [a, b].every((f) => FIELD_TYPES[type].flags.includes(f))),
    ),
  )('cannot be both %s and %s', (a, b, why) => {
    const type =
      TYPES.find((each) => [a, b].every((flag) => FIELD_TYPES[each].flags.includes(flag))) ?? 'string';
    const flags = [a, b].map((flag) => writtenFlag(flag, type)).join(':');
    const written = `field:${writtenType(type)}:${[...new Set(flags.split(':'))].join(':')}`;
    expect(() => parseField(written)).toThrow(why);
  });

  it.each([
    ['', /^"" is not a valid field name/],
    ['Name:string', /^"Name" is not a valid field name/],
    ['due-at:date', /^"due-at" is not a valid field name/],
    ['due_at:date', /is not a valid field name/],
    ['name', /^name has the unknown type ""; there are string, text/],
    ['name:strin', /^name has the unknown type "strin"/],
    ['name:string:requird', /^name has the unknown flag "requird"/],
    ['name:string:required=1', /unknown flag "required=1"/],
    ['name:string:max', /unknown flag "max"/],
    ['name:string:max=x', /^name has max=x, which is no whole number/],
    ['name:string:max=', /which is no whole number/],
    ['name:string:max=0', /^name has max=0; a string may have 1 to 1000/],
    ['name:string:max=1001', /1 to 1000/],
    ['name:string:min=0', /^name has min=0; it must be from 1 to 200/],
    ['name:string:min=5:max=4', /^name has a min= above its max=/],
    ['name:string:unique:max=2', /^name is unique, and needs max=3/],
    ['count:integer:unique:min=1:max=10', /^count is unique, and needs room for 1000 values/],
    ['count:integer:min=1.5', /no whole number/],
    ['count:number:default=1e5', /^count has default=1e5, which it would refuse itself/],
    ['count:number:min=2:default=1', /default=1, which it would refuse itself/],
    ['name:string:max=2:default=abc', /default=abc, which it would refuse/],
    ['flag:boolean:default=yes', /default=yes/],
    ['when:date:required:existing=2030-02-31', /existing=2030-02-31/],
    ['mail:email:required:existing=nobody', /existing=nobody/],
    ['site:url:required:existing=ftp://example.com', /existing=ftp/],
    ['html:rich:required:existing=<b>', /existing=<b>/],
    [
      'name:string:existing=x',
      /^name cannot have existing=: records without an optional field need no value/,
    ],
    ['name:string:max=1:max=2', /^name has the flag max twice/],
    ['status:enum', /^status has the choice ""/],
    ['status:enum:draft', /^status needs 2 to 50 choices/],
    ['status:enum:draft,draft', /^status has the same choice twice/],
    ["status:enum:draft,it's", /^status has the choice "it's"/],
    ['status:enum:draft,sent:default=paid', /default=paid/],
    ['when:date:default=2030-01-31', /^when has default=2030-01-31, which it would refuse/],
    ['day:day:default=now', /^day has default=now, which it would refuse/],
    ['project:ref', /^project does not say what it refers to/],
    ['project:ref:project', /^"project" is not the plural/],
    ...[
      'id',
      'version',
      'ownerId',
      'createdBy',
      'createdAt',
      'updatedAt',
      'trashedAt',
      'limit',
      'cursor',
      'owner',
      'total',
      'sort',
      'q',
      'by',
      'format',
      'trash',
    ].map((name): [string, RegExp] => [
      `${name}:string`,
      new RegExp(`^A field cannot be called ${name}: every record`),
    ]),
    ...['class', 'default', 'await', 'static'].map((name): [string, RegExp] => [
      `${name}:string`,
      /a word of the language/,
    ]),
    ...['constructor', 'toString', 'then', 'toJSON', 'errors', 'collection'].map((name): [string, RegExp] => [
      `${name}:string`,
      /objects have something of that name/,
    ]),
    ...['scope', 'dto', 'contains'].map((name): [string, RegExp] => [
      `${name}:string`,
      /the generated code has/,
    ]),
  ])('cannot be %j', (text, message) => {
    expect(() => parseField(text)).toThrow(message);
  });

  it.each([
    ['endsOn:day:after=startsOn', /^endsOn has after=startsOn, and there is no field startsOn/],
    ['endsOn:day:since=endsOn', /^endsOn cannot have since=endsOn: it would be later than itself/],
    ['a:day:after=b b:day:after=c c:day:since=a', /^a cannot have after=b: it would be later than itself/],
    ['a:day b:date:after=a', /^b cannot have after=a: both have to be dates, or both days/],
    ['a:string b:date:after=a', /both have to be dates/],
    ['a:day:after=createdAt', /^a cannot have after=createdAt, which is a date and no day/],
    [
      Array.from({ length: 10 }, (_, n) => `d${n}:day${n > 0 ? `:after=d${n - 1}` : ''}`).join(' '),
      /^d9 is later than 9 others/,
    ],
  ])('is not later than what it cannot be compared with: %s', (fields, message) => {
    expect(() => parseFields(fields.split(' '))).toThrow(message);
  });

  it('knows by how many rules it is later', () => {
    const fields = parseFields('a:day c:day:after=b b:day:since=a d:date:after=createdAt'.split(' '));
    expect(fields.map(({ later }) => later?.depth)).toEqual([undefined, 2, 1, 1]);
    const [last] = parseFields(['d:day:after=c'], fields);
    expect(last?.later).toEqual({ than: 'c', strictly: true, depth: 3 });
  });

  it('is there once', () => {
    expect(() => parseFields(['a:string', 'b:date', 'a:number'])).toThrow('The field a is declared twice');
    expect(() => parseFields(Array.from({ length: 51 }, (_, n) => `f${n}:date`))).toThrow(
      'at most 50 fields',
    );
  });
});

describe('the lists of a feature', () => {
  const FIELDS =
    'subject:string status:enum:a,b priority:integer dueAt:date tags:string:list secret:string:encrypted body:text html:rich data:object fee:money'.split(
      ' ',
    );
  const listsOf = (...lists: string[]) => featureOf(namesOf('tickets'), FIELDS, lists, false);

  it('are read with the fields that are given, the one that sorts, and whether they are everybody\u2019s', () => {
    const { lists, fields } = listsOf('status+priority+dueAt:all', 'subject', 'status+createdAt');
    expect(lists).toEqual([
      { equal: ['status', 'priority'], sort: 'dueAt', everybody: true },
      { equal: [], sort: 'subject', everybody: false },
      { equal: ['status'], sort: 'createdAt', everybody: false },
    ]);
    expect(fields.filter(({ several }) => several).map(({ name }) => name)).toEqual(['status', 'priority']);
    expect(costOf({ lists, fields })).toEqual([
      expect.stringMatching(/^list status\+priority\+dueAt: two indexes of about \d+ bytes a record/),
      expect.stringMatching(/^list subject: an index of about/),
      expect.stringMatching(/^list status\+createdAt: an index/),
    ]);
  });

  it.each<[string[], string]>([
    [[''], '--list  is not a list'],
    [['status+'], '--list status+ is not a list'],
    [['dueAt:some'], '--list dueAt:some is not a list'],
    [['status+status'], '--list status+status names a field twice'],
    [['other'], '--list other names other, which is not a field'],
    [['createdAt+dueAt'], '--list createdAt+dueAt names createdAt, which is not a field'],
    [['subject+dueAt'], 'cannot be asked for subject: lists look for what it contains'],
    [['body+dueAt'], 'cannot be asked for body: values of its type are too long'],
    [['tags+dueAt'], 'cannot be asked for tags: it has several values'],
    [['secret'], 'cannot be sorted by secret: it is encrypted'],
    [['html'], 'cannot be sorted by html: values of its type have no order'],
    [['data'], 'cannot be sorted by data: values of its type have no order'],
    [['fee'], 'cannot be sorted by fee: values of its type have no order'],
    [['dueAt', 'dueAt'], 'The list dueAt is declared twice'],
    [['status+priority+dueAt', 'priority+status+dueAt'], 'is declared twice'],
    [Array.from({ length: 9 }, () => 'dueAt'), 'at most 8 lists'],
  ])('cannot be %j', (lists, message) => {
    expect(() => listsOf(...lists)).toThrow(message);
  });

  it('cannot be everybody\u2019s where all records are', () => {
    expect(() => featureOf(namesOf('tickets'), FIELDS, ['dueAt:all'], true)).toThrow(
      'the records have no owner',
    );
  });

  it('are searched in texts that are short enough', () => {
    expect(() => parseField('body:text:search')).not.toThrow();
    expect(() => parseField('body:text:search:max=2001')).toThrow(
      'body cannot have search with max= above 2000',
    );
  });
});
