package manifest

import (
	"encoding/binary"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// text decodes a file: UTF-8, or UTF-16 as Windows shells write it
// ("pip freeze > requirements.txt"), with or without a mark; line ends become "\n".
// The result is valid UTF-8 without NUL.
func text(b []byte) string {
	var s string
	switch {
	case len(b) >= 3 && b[0] == 0xEF && b[1] == 0xBB && b[2] == 0xBF:
		s = string(b[3:])
	case len(b) >= 2 && b[0] == 0xFF && b[1] == 0xFE:
		s = wide(b[2:], binary.LittleEndian)
	case len(b) >= 2 && b[0] == 0xFE && b[1] == 0xFF:
		s = wide(b[2:], binary.BigEndian)
	case len(b) >= 4 && b[0] != 0 && b[1] == 0 && b[2] != 0 && b[3] == 0:
		s = wide(b, binary.LittleEndian)
	case len(b) >= 4 && b[0] == 0 && b[1] != 0 && b[2] == 0 && b[3] != 0:
		s = wide(b, binary.BigEndian)
	default:
		s = string(b)
	}
	if strings.IndexByte(s, '\r') >= 0 {
		s = strings.ReplaceAll(s, "\r\n", "\n")
		s = strings.ReplaceAll(s, "\r", "\n")
	}
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "\uFFFD")
	}
	return s
}

// wide decodes UTF-16; an odd last byte is dropped.
func wide(b []byte, order binary.ByteOrder) string {
	u := make([]uint16, len(b)/2)
	for i := range u {
		u[i] = order.Uint16(b[2*i:])
	}
	return string(utf16.Decode(u))
}

// eachLine calls f with every line and its 1-based number.
func eachLine(s string, f func(line int, text string)) {
	for n := 1; s != ""; n++ {
		l, rest, _ := strings.Cut(s, "\n")
		f(n, l)
		s = rest
	}
}

// letter reports whether c may start an identifier; bytes of other scripts do.
func letter(c byte) bool {
	return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80
}

// digit reports whether c is a decimal digit.
func digit(c byte) bool { return c >= '0' && c <= '9' }
