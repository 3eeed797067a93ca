package web

// billCells are the cells of a row of the bill, as texts.
type billCells struct{ Day, Week spanCells }

type spanCells struct {
	Known, Ran, Ours, AtPeak, Before       string
	LessThanPeak, LessThanBefore, BeforeOf string
	Late, OnTime, Kept                     string
}

func cellsOf(p *BillPage, r BillRow) billCells {
	return billCells{spanCellsOf(p, &r, &r.Day), spanCellsOf(p, &r, &r.Week)}
}

func spanCellsOf(p *BillPage, r *BillRow, s *BillSpan) spanCells {
	ran, ours, atPeak, before := s.Amounts()
	amount := func(v *float64) string { return dash(typeset.Replace(Amount(v, p.Currency))) }
	lessThanPeak, lessThanBefore := Less(s.Hours, s.AtPeak), Less(s.Of, s.Before)
	if s.MostHours < 1 {
		lessThanPeak, lessThanBefore = "", "" // of a few minutes it would say nothing
	}
	return spanCells{
		Known: typeset.Replace(s.Known()), Ran: amount(ran), Ours: amount(ours), AtPeak: amount(atPeak), Before: amount(before),
		LessThanPeak: typeset.Replace(lessThanPeak), LessThanBefore: typeset.Replace(lessThanBefore), BeforeOf: typeset.Replace(s.BeforeOf(r.Scalers)),
		Late: dash(typeset.Replace(Amount(s.Late, ""))), OnTime: onTime(s.OnTime), Kept: dash(typeset.Replace(s.Kept())),
	}
}
