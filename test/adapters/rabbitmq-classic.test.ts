import { rabbitmqConformance } from './rabbitmq-suite.ts'

rabbitmqConformance('classic')
