package web

import (
	"cmp"
	"net/url"
	"strconv"
	"strings"
)

const pageSize = 50

// List is the part of a list that a client asked for: search, order and page.
type List struct {
	Query string `json:"query"`
	Sort  string `json:"sort"`
	Desc  bool   `json:"desc"`
	Page  int    `json:"page"` // from 1
	Pages int    `json:"pages"`
	Total int    `json:"total"` // that match the query

	all bool // the whole list on one page
}

// Before is the page before this one.
func (l List) Before() int { return l.Page - 1 }

// After is the next page.
func (l List) After() int { return l.Page + 1 }

// listOf reads it from the query of a URL. A page that is no number is the first; "all" is the whole list on one page.
func listOf(q url.Values, sort string) List {
	l := List{all: q.Get("page") == "all", Query: q.Get("q"), Sort: cmp.Or(q.Get("sort"), sort), Desc: q.Get("desc") == "1", Page: 1}
	if n, err := strconv.Atoi(q.Get("page")); err == nil {
		l.Page = n
	}
	return l
}

// cut sets the totals, and returns which of the found entries are on the page: from first up to before end.
func (l *List) cut(found int) (first, end int) {
	l.Total, l.Pages = found, max(1, (found+pageSize-1)/pageSize)
	if l.all {
		l.Page, l.Pages = 1, 1
		return 0, found
	}
	l.Page = min(max(1, l.Page), l.Pages)
	first = (l.Page - 1) * pageSize
	return first, min(first+pageSize, found)
}

// words are the words of the query, in lower case.
func (l List) words() []string { return strings.Fields(strings.ToLower(l.Query)) }
