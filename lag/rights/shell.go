package rights

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// quote writes a word for bash so that it is this word, whatever is in it. A word with characters that a terminal may not show is
// written with escapes, which a shell other than bash, zsh and ksh does not know.
//
//	shop      shop
//	*         '*'
//	o'clock   'o'\''clock'
//	a, escape $'a\x1b'
func quote(word string) string {
	switch {
	case word != "" && strings.IndexFunc(word, special) < 0:
		return word
	case !strings.ContainsFunc(word, unshown):
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	var b strings.Builder
	b.WriteString("$'")
	for i := 0; i < len(word); {
		r, size := utf8.DecodeRuneInString(word[i:])
		switch {
		case r == '\'' || r == '\\':
			b.WriteString(`\` + string(r))
		case unshown(r):
			for _, c := range []byte(word[i : i+size]) {
				fmt.Fprintf(&b, `\%03o`, c)
			}
		default:
			b.WriteRune(r)
		}
		i += size
	}
	return b.String() + "'"
}

// special reports whether a character has a meaning in a shell, or may have.
func special(r rune) bool {
	return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("-_.,:/=@+", r))
}

func unshown(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }

// flag is a flag with its value. The value is joined to it where it could be taken for another flag.
func flag(name, value string) string {
	if strings.HasPrefix(value, "-") {
		return name + "=" + quote(value)
	}
	return name + " " + quote(value)
}
