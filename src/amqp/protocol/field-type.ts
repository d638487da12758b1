/** Type octets of field values, by RabbitMQ's letters. */
export const fieldType = {
  bool: 0x74, // t
  int8: 0x62, // b
  uint8: 0x42, // B
  int16: 0x73, // s
  uint16: 0x75, // u
  int32: 0x49, // I
  uint32: 0x69, // i
  int64: 0x6c, // l
  /** Other dialects mean an unsigned number; RabbitMQ reads both as signed. */
  int64Too: 0x4c, // L
  float: 0x66, // f
  double: 0x64, // d
  decimal: 0x44, // D
  text: 0x53, // S
  bytes: 0x78, // x
  array: 0x41, // A
  timestamp: 0x54, // T
  table: 0x46, // F
  nothing: 0x56, // V
} as const

/** Tables and arrays within each other. */
export const fieldDepthMax = 32
