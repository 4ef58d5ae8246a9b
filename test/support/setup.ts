// Nest's decorators need this before any class is defined.
import 'reflect-metadata';
import '@nestjs/common';
import '@nestjs/core';
