package rebalancemon

// hash is an FNV-1a hash. It is never kept beyond the process.
type hash uint64

const hashStart hash = 14695981039346656037

func (p hash) text(s string) hash {
	for i := range len(s) {
		p = (p ^ hash(s[i])) * 1099511628211
	}
	return (p ^ 0xff) * 1099511628211 // no byte of UTF-8: "ab","c" is not "a","bc"
}

func (p hash) number(n int32) hash {
	for range 4 {
		p = (p ^ hash(n&0xff)) * 1099511628211
		n >>= 8
	}
	return p
}
