import { describe, expect, it } from '@jest/globals';
import mongoose from 'mongoose';
import { mongodbUri } from './mongodb-uri.js';

const HERE = import.meta.filename;

function refusalOf(text: string): string | undefined {
  try {
    mongodbUri().parse(text, 'production');
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

describe('the connection string of a MongoDB', () => {
  it.each([
    'mongodb://a:1,b:2/shop?replicaSet=rs0',
    'mongodb://u:p%40%3A%2F@[::1]:27017,10.0.0.1/shop',
    'mongodb://%2Ftmp%2Fmongodb-27017.sock/shop',
    'mongodb+srv://u:p@cluster0.ab1.mongodb.net/shop?retryWrites=true&w=majority&appName=Cluster0',
    'mongodb+srv://u:p@cluster.test/shop?srvMaxHosts=3&authSource=admin',
    'mongodb://a/shop?readpreference=primary&readConcernLevel=majority&journal=true&retryReads=true',
    `mongodb://a/shop?tls=true&tlsCAFile=${encodeURIComponent(HERE)}&compressors=zlib&zlibCompressionLevel=6`,
    'mongodb://127.0.0.1:1/shop?directConnection=true&serverSelectionTimeoutMS=300',
    'mongodb://u:p@a/shop?authMechanism=SCRAM-SHA-256&appName=My+shop',
  ])('is taken as %s, which the driver takes too', (text) => {
    expect(refusalOf(text)).toBeUndefined();
    expect(() => new mongoose.mongo.MongoClient(text)).not.toThrow();
  });

  it.each([
    ['no database', 'mongodb://a:1', 'names a database'],
    ['no database before options', 'mongodb://a:1/?replicaSet=rs0', 'names a database'],
    ['another scheme', 'http://a:1/shop', 'mongodb:// or mongodb+srv://'],
    ['no host', 'mongodb:///shop', 'names a database'],
    ['a space', 'mongodb://a:1/b c', 'names a database'],
    ['a password with an @', 'mongodb://u:zq@zq@a/shop', 'written as %40'],
    ['a password with a slash', 'mongodb://u:zq/zq@a/shop', 'written as %40'],
    ['a password with a ?', 'mongodb://u:zq?zq@a/shop', 'written as %40'],
    ['a password with a #', 'mongodb://u:zq#zq@a/shop', 'written as %40'],
    ['a password with a %', 'mongodb://u:zq%zq@a/shop', 'user or a password that cannot be read'],
    ['a password with a colon', 'mongodb://u:zq:zq@a/shop', 'user or a password that cannot be read'],
    ['a password without a user', 'mongodb://:zq@a/shop', 'user or a password that cannot be read'],
    ['a port that is none', 'mongodb://a:99999/shop', 'host that is none'],
    ['a host without a name', 'mongodb://a,,b/shop', 'host that is none'],
    ['half an address', 'mongodb://[::1/shop', 'host that is none'],
    ['a cluster with a port', 'mongodb+srv://a.b.test:1/shop', 'the one name'],
    ['two clusters', 'mongodb+srv://a.b.test,c.d.test/shop', 'the one name'],
    ['a name of a database with a dot', 'mongodb://a/sh.op', 'name of a database'],
    ['a name of a database that is too long', `mongodb://a/${'x'.repeat(64)}`, 'name of a database'],
    ['a database of MongoDB', 'mongodb://a/admin', 'MongoDB’s own'],
    [
      'reads of secondaries',
      'mongodb://a/shop?readPreference=secondaryPreferred',
      'readPreference, which may only be primary',
    ],
    [
      'reads of whoever is near',
      'mongodb://a/shop?READPREFERENCE=nearest',
      'readPreference, which may only be primary',
    ],
    [
      'reads that may be old',
      'mongodb://a/shop?maxStalenessSeconds=120',
      'maxStalenessSeconds, which is unknown or set',
    ],
    ['reads by tags', 'mongodb://a/shop?readPreferenceTags=dc:ny', 'readPreferenceTags'],
    [
      'another concern of reads',
      'mongodb://a/shop?readConcernLevel=available',
      'readConcernLevel, which may only be local or majority',
    ],
    ['writes that nobody confirms', 'mongodb://a/shop?w=0', 'w, which may only be majority'],
    ['writes that one confirms', 'mongodb://a/shop?w=1', 'w, which may only be majority'],
    ['writes without a journal', 'mongodb://a/shop?journal=false', 'journal, which may only be true'],
    ['the same by its short name', 'mongodb://a/shop?j=false', 'j, which may only be true'],
    [
      'writes that are tried once',
      'mongodb://a/shop?retryWrites=false',
      'retryWrites, which may only be true',
    ],
    ['reads that are tried once', 'mongodb://a/shop?retryReads=false', 'retryReads, which may only be true'],
    [
      'a time that the product sets',
      'mongodb://a/shop?socketTimeoutMS=60000',
      'socketTimeoutMS, which is unknown or set',
    ],
    [
      'a pool that the product sets',
      'mongodb://a/shop?maxPoolSize=500',
      'maxPoolSize, which is unknown or set',
    ],
    ['a typo', 'mongodb://a/shop?replicaset_=rs0', 'an option, which is unknown'],
    ['an option twice', 'mongodb://a/shop?tls=true&TLS=true', 'tls twice'],
    ['an option without a value', 'mongodb://a/shop?replicaSet=', 'replicaSet without a value'],
    ['an option that cannot be read', 'mongodb://a/shop?replicaSet=%zq', 'replicaSet without a value'],
    ['a choice that is none', 'mongodb://a/shop?tls=yes', 'tls, which may only be true or false'],
    [
      'a file that is not there',
      'mongodb://a/shop?tls=true&tlsCAFile=/zq.pem',
      'tlsCAFile, which names a file',
    ],
    [
      'a folder for a file',
      'mongodb://a/shop?tlsCertificateKeyFile=/',
      'tlsCertificateKeyFile, which names a file',
    ],
    [
      'a compressor that is not installed',
      'mongodb://a/shop?compressors=snappy',
      'compressors, which may only be none or zlib',
    ],
    [
      'a mechanism that is not installed',
      'mongodb://u@a/shop?authMechanism=GSSAPI',
      'authMechanism, which may only be',
    ],
    [
      'one of several hosts, alone',
      'mongodb://a,b/shop?directConnection=true',
      'directConnection with several hosts',
    ],
    ['what is for clusters', 'mongodb://a/shop?srvMaxHosts=2', 'only mongodb+srv:// takes'],
    ['several faults', 'mongodb://a/shop?w=0&journal=false', 'w, which may only be majority; has journal'],
  ])('is refused for %s', (_, text, problem) => {
    expect(refusalOf(text)).toContain(problem);
    expect(refusalOf(text)).not.toContain('zq');
  });
});
